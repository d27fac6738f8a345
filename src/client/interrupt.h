#pragma once

#include <stdbool.h>

/*
 * SIGINT, SIGTERM and SIGHUP: the first asks the program to end in good order,
 * the second ends it at once. SIGUSR1 asks how it is going.
 */

/*
 * Catches them from now on. Returns a descriptor that becomes readable with
 * each, -1 without one.
 */
int interrupt_catch(void);

/* Has one come that ends the program? */
bool interrupt_came(void);

/* Has SIGUSR1 come since it was asked last? */
bool interrupt_asked(void);
