#include "http.h"

#include "support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int connect_to(const char *url, unsigned timeout_ms, const char **path)
{
    struct sockaddr_in address;
    struct timeval timeout;
    char host[64];
    int port = 80;
    int used = 0;
    int fd;

    CHECK(sscanf(url, "http://%63[0-9.]:%d%n", host, &port, &used) == 2);
    *path = url[used] == '/' ? url + used : "/";
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)port);
    CHECK_EQ(inet_pton(AF_INET, host, &address.sin_addr), 1);

    timeout.tv_sec = timeout_ms / 1000;
    timeout.tv_usec = (long)(timeout_ms % 1000) * 1000;
    fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout); /* Linux: of connect() as well */
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Reads until the server closes. The length, or -1 on an error, a timeout, or more than fits. */
static long read_to_end(int fd, char *buffer, size_t capacity)
{
    size_t used = 0;
    while (used + 1 < capacity) {
        ssize_t got = read(fd, buffer + used, capacity - 1 - used);
        if (got < 0) return -1;
        if (got == 0) {
            buffer[used] = 0;
            return (long)used;
        }
        used += (size_t)got;
    }
    return -1;
}

int http_request(const char *method, const char *url, unsigned timeout_ms, char *body, size_t capacity)
{
    enum { ANSWER = 1 << 20 };
    static char answer[ANSWER];
    char request[1024];
    const char *path;
    char *start;
    int status = -1;
    int length;
    int fd = connect_to(url, timeout_ms, &path);
    if (fd < 0) return -1;

    length = snprintf(request, sizeof request,
                      "%s %s HTTP/1.1\r\nHost: %.*s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", method, path,
                      (int)(path - url - 7), url + 7);
    CHECK(length > 0 && (size_t)length < sizeof request);
    if (write(fd, request, (size_t)length) == length && read_to_end(fd, answer, sizeof answer) > 0
        && sscanf(answer, "HTTP/1.1 %d", &status) == 1 && (start = strstr(answer, "\r\n\r\n")) != NULL) {
        CHECK(strlen(start + 4) < capacity);
        strcpy(body, start + 4);
    } else {
        status = -1;
    }
    close(fd);
    return status;
}

int listen_and_hang(int *port)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(fd >= 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK_EQ(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    CHECK_EQ(listen(fd, 64), 0);
    CHECK_EQ(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return fd;
}
