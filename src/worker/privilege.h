#pragma once

#include "common/failure.h"

/*
 * Gives up every capability for good and bars new ones, capabilities(7), so
 * that what follows runs on untrusted text with no privilege at all.
 */
bool privilege_drop(struct failure *failure);
