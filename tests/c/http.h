/* The smallest HTTP/1.1 client that a test needs: one request, one connection, closed by the server at the end. */
#ifndef ALTERNATOR_LB_TESTS_HTTP_H
#define ALTERNATOR_LB_TESTS_HTTP_H

#include <stddef.h>

/* Sends `method url` (http://address:port/path, the address an IPv4 one) with an empty body and reads the answer's body
 * into `body`, NUL-terminated. The value is the HTTP status, or -1 when no whole answer came within `timeout_ms`. */
int http_request(const char *method, const char *url, unsigned timeout_ms, char *body, size_t capacity);

/* A TCP socket on 127.0.0.1 that accepts connections into its backlog and never reads: a hung server. */
int listen_and_hang(int *port);

#endif
