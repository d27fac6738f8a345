#pragma once

#include "common/failure.h"
#include "worker/query.h"
#include "worker/settings.h"

/*
 * Holds a query to what the administrator allows. What it does not ask for by
 * itself becomes as much as is allowed; more than that is refused (403). 500
 * where no allowed interface exists; 503 where that can't be told.
 */
bool limits_apply(const struct settings *settings, struct query *query,
	struct failure *failure);
