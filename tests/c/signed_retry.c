/* The example client: a retry goes to another node with a signature of its own, made for that node's Host. */
#include "support.h"

#include "client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NODES = 2 };

/* One request as it came in. */
struct seen {
    char host[64];
    char authorization[512];
};

static struct {
    pthread_mutex_t lock;
    int requests;
    struct seen seen[8];
} record = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int listen_on(const char *address, int port)
{
    struct sockaddr_in name;
    int yes = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    memset(&name, 0, sizeof name);
    name.sin_family = AF_INET;
    name.sin_port = htons((uint16_t)port);
    CHECK_EQ(inet_pton(AF_INET, address, &name.sin_addr), 1);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    CHECK_EQ(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    CHECK_EQ(listen(fd, 8), 0);
    return fd;
}

static int port_of(int fd)
{
    struct sockaddr_in name;
    socklen_t size = sizeof name;
    CHECK_EQ(getsockname(fd, (struct sockaddr *)&name, &size), 0);
    return ntohs(name.sin_port);
}

static void copy_header(const char *head, const char *name, char *value, size_t capacity)
{
    const char *start = strstr(head, name);
    size_t length;
    CHECK(start != NULL);
    start += strlen(name);
    length = strcspn(start, "\r");
    CHECK(length < capacity);
    memcpy(value, start, length);
    value[length] = 0;
}

/* Answers one request on one connection: the first of all requests with an error of the server, the others well. */
static void answer(int connection)
{
    static const char *const answers[] = {
        "HTTP/1.1 500 Error\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
    };
    char request[8192];
    size_t used = 0;
    const char *reply;
    struct seen *seen;
    do {
        ssize_t got = read(connection, request + used, sizeof request - 1 - used);
        CHECK(got > 0);
        used += (size_t)got;
        request[used] = 0;
    } while (strstr(request, "\r\n\r\n{}") == NULL);

    pthread_mutex_lock(&record.lock);
    CHECK(record.requests < 8);
    seen = &record.seen[record.requests];
    reply = answers[record.requests++ > 0];
    copy_header(request, "\r\nHost: ", seen->host, sizeof seen->host);
    copy_header(request, "\r\nAuthorization: ", seen->authorization, sizeof seen->authorization);
    pthread_mutex_unlock(&record.lock);
    CHECK_EQ(write(connection, reply, strlen(reply)), strlen(reply));
    close(connection);
}

/* Serves until the listening socket is shut down. */
static void *serve(void *listener)
{
    int connection;
    while ((connection = accept(*(int *)listener, NULL, NULL)) >= 0) answer(connection);
    return NULL;
}

static void retry_is_signed_for_the_node_that_it_goes_to(void)
{
    int listener[NODES];
    pthread_t server[NODES];
    char port[8];
    char hosts[NODES][64];
    alb *lb;
    client *c;
    int i;

    listener[0] = listen_on("127.0.0.1", 0);
    snprintf(port, sizeof port, "%d", port_of(listener[0]));
    listener[1] = listen_on("127.0.0.2", port_of(listener[0]));
    for (i = 0; i < NODES; i++) CHECK_EQ(pthread_create(&server[i], NULL, serve, &listener[i]), 0);

    CHECK_EQ(setenv("AWS_ACCESS_KEY_ID", "key", 1), 0);
    CHECK_EQ(setenv("AWS_SECRET_ACCESS_KEY", "secret", 1), 0);
    lb = open_handle("seeds", "127.0.0.1,127.0.0.2", "port", port, "discovery", "static", NULL);
    c = client_new(lb);
    CHECK(c != NULL);
    CHECK(client_request(c, "GetItem", "{}", 1));
    CHECK_EQ(c->attempts, 2);
    CHECK_EQ(c->attempt[0].outcome, ALB_OUTCOME_SERVER_ERROR);
    CHECK_EQ(c->attempt[1].outcome, ALB_OUTCOME_SUCCESS);
    CHECK_EQ(record.requests, 2);
    for (i = 0; i < 2; i++) {
        alb_node node = ALB_NODE_INIT;
        CHECK_STATUS(alb_node_get(lb, c->attempt[i].node, &node), ALB_OK);
        snprintf(hosts[i], sizeof hosts[i], "%s:%s", node.host, port);
        CHECK_EQ(strcmp(record.seen[i].host, hosts[i]), 0);
        CHECK_TEXT(record.seen[i].authorization, "AWS4-HMAC-SHA256 Credential=key/");
        CHECK_TEXT(record.seen[i].authorization, "host");
    }
    CHECK(strcmp(hosts[0], hosts[1]) != 0);
    CHECK(strcmp(strstr(record.seen[0].authorization, "Signature="), strstr(record.seen[1].authorization, "Signature="))
          != 0);

    client_free(c);
    alb_free(lb);
    for (i = 0; i < NODES; i++) {
        shutdown(listener[i], SHUT_RDWR);
        pthread_join(server[i], NULL);
        close(listener[i]);
    }
}

static void request_that_must_not_be_repeated_is_not(void)
{
    int listener = listen_on("127.0.0.1", 0);
    pthread_t server;
    char port[8];
    alb *lb;
    client *c;

    record.requests = 0;
    snprintf(port, sizeof port, "%d", port_of(listener));
    CHECK_EQ(pthread_create(&server, NULL, serve, &listener), 0);
    lb = open_handle("seeds", "127.0.0.1", "port", port, "discovery", "static", NULL);
    c = client_new(lb);
    CHECK(!client_request(c, "UpdateItem", "{}", 0));
    CHECK_EQ(c->attempts, 1);
    CHECK_EQ(c->http_status, 500);
    client_free(c);
    alb_free(lb);
    shutdown(listener, SHUT_RDWR);
    pthread_join(server, NULL);
    close(listener);
}

int main(void)
{
    static const struct test tests[] = {
        TEST(retry_is_signed_for_the_node_that_it_goes_to),
        TEST(request_that_must_not_be_repeated_is_not),
    };
    int failed;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    failed = RUN_TESTS(tests);
    curl_global_cleanup();
    return failed;
}
