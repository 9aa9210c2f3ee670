/* Says whether a text is one JSON object by RFC 8259, which is what the statistics and each event promise to be. */
#ifndef ALTERNATOR_LB_TESTS_JSON_H
#define ALTERNATOR_LB_TESTS_JSON_H

/* 1 if `text` is one valid JSON object with at most white space around it, else 0. */
int json_is_object(const char *text);

#endif
