/* Counts the process's calls of the malloc family, those of the library included, by standing before them. */
#ifndef ALTERNATOR_LB_TESTS_COUNT_ALLOCATIONS_H
#define ALTERNATOR_LB_TESTS_COUNT_ALLOCATIONS_H

/* Calls of malloc, calloc, realloc and the aligned ones so far, over all threads. */
unsigned long allocations(void);

#endif
