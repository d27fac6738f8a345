#pragma once

#include <stdbool.h>

/*
 * SIGINT, SIGTERM and SIGHUP: the first asks the program to end in good order,
 * the second ends it at once.
 */

/*
 * Catches them from now on. Returns a descriptor that becomes readable with
 * the first, -1 without one.
 */
int interrupt_catch(void);

/* Has one come? */
bool interrupt_came(void);
