#include "json.h"

#include <stddef.h>
#include <string.h>

/* Each function takes the position of a value and gives the position after it, or NULL if there is no such value. */
static const char *value(const char *at, int depth);

static const char *space(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

static const char *string(const char *at)
{
    if (*at++ != '"') return NULL;
    while (*at != '"') {
        if ((unsigned char)*at < 0x20) return NULL; /* the end of the text too */
        if (*at++ != '\\') continue;
        if (*at == 'u') {
            if (strspn(at + 1, "0123456789abcdefABCDEF") < 4) return NULL;
            at += 5;
        } else if (*at != 0 && strchr("\"\\/bfnrt", *at) != NULL) {
            at++;
        } else {
            return NULL;
        }
    }
    return at + 1;
}

static const char *digits(const char *at)
{
    size_t count = strspn(at, "0123456789");
    return count == 0 ? NULL : at + count;
}

static const char *number(const char *at)
{
    if (*at == '-') at++;
    at = *at == '0' ? at + 1 : digits(at);
    if (at != NULL && *at == '.') at = digits(at + 1);
    if (at != NULL && (*at == 'e' || *at == 'E')) {
        at++;
        at = digits(*at == '+' || *at == '-' ? at + 1 : at);
    }
    return at;
}

/* An array or, with `keyed`, an object. */
static const char *sequence(const char *at, char close, int keyed, int depth)
{
    at = space(at + 1);
    if (*at == close) return at + 1;
    for (;;) {
        if (keyed) {
            at = string(at);
            if (at == NULL) return NULL;
            at = space(at);
            if (*at++ != ':') return NULL;
        }
        at = value(at, depth + 1);
        if (at == NULL) return NULL;
        if (*at == close) return at + 1;
        if (*at++ != ',') return NULL;
        at = space(at);
    }
}

static const char *value(const char *at, int depth)
{
    if (depth > 100) return NULL;
    at = space(at);
    switch (*at) {
    case '{': at = sequence(at, '}', 1, depth); break;
    case '[': at = sequence(at, ']', 0, depth); break;
    case '"': at = string(at); break;
    case 't': at = strncmp(at, "true", 4) == 0 ? at + 4 : NULL; break;
    case 'f': at = strncmp(at, "false", 5) == 0 ? at + 5 : NULL; break;
    case 'n': at = strncmp(at, "null", 4) == 0 ? at + 4 : NULL; break;
    default: at = number(at);
    }
    return at == NULL ? NULL : space(at);
}

int json_is_object(const char *text)
{
    const char *end = value(text, 0);
    return *space(text) == '{' && end != NULL && *end == 0;
}
