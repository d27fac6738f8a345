/*
 * Who asks. In: the fields of a request that tell. Out: whether it may.
 *
 * The threat is a page of any site in the browser of somebody who reaches this
 * worker. Browsers say whose page it is in Sec-Fetch-Site, which no script can
 * set, but only where nobody can have bent the name: to https, to addresses of
 * loopback and to localhost. To other names they do not, and there the page
 * may be of a site whose name was made to lead here once it was loaded (DNS
 * rebinding): it is its own site then, and the browser would let it read all.
 *
 * So a browser must say whose page it is, and ask by a name that can't be
 * bent, or that the administrator has listed. Programs may ask by any name, as
 * hosts of a fleet have names that they do not know, unless there is a list.
 */
#include "worker/caller.h"

#include "worker/host.h"

static bool take_once(struct span *place, struct span value, const char *name,
	struct failure *failure)
{
	if (place->at)
		return failure_set(
			failure, 400, "the field %s comes twice", name);
	*place = value;
	return true;
}

/*
 * Fields that browsers send and no script of a page can keep them from
 * sending. Not all send the first (some without a screen did not), which is
 * what the last one is for: every browser calls itself so.
 */
static bool tells_browser(struct span name, struct span value)
{
	return span_is(name, "accept-language") || span_begins(name, "sec-") ||
	       span_is(name, "origin") || span_is(name, "referer") ||
	       span_is(name, "upgrade-insecure-requests") ||
	       (span_is(name, "user-agent") && span_begins(value, "Mozilla/"));
}

bool caller_take_field(struct caller *caller, struct span name,
	struct span value, struct failure *failure)
{
	caller->browser = caller->browser || tells_browser(name, value);
	if (span_is(name, "host"))
		return take_once(&caller->host, value, "Host", failure);
	if (span_is(name, "origin"))
		return take_once(&caller->origin, value, "Origin", failure);
	if (span_is(name, "sec-fetch-site"))
		return take_once(
			&caller->site, value, "Sec-Fetch-Site", failure);
	return true;
}

/* Is Origin what the Host field says, behind its scheme? */
static bool is_own_origin(const struct caller *caller)
{
	struct span rest = caller->origin;
	struct span scheme;

	return span_cut(&rest, ':', &scheme) && span_begins(rest, "//") &&
	       span_same(
		       (struct span){rest.at + 2, rest.size - 2}, caller->host);
}

static bool is_own_page(const struct caller *caller)
{
	if (!span_is(caller->site, "same-origin") &&
		!span_is(caller->site, "none"))
		return false;
	return !caller->origin.at || (caller->host.at && is_own_origin(caller));
}

/* Is it asked by a name that is its own, as far as anybody can tell? */
static bool is_own_name(const struct caller *caller, const char *hosts)
{
	struct host host;

	if (!caller->host.at || !host_parse(caller->host, &host))
		return !caller->browser && !hosts;
	if (host_is_fixed(&host))
		return true;
	return hosts ? host_is_listed(&host, hosts) : !caller->browser;
}

static bool refuse_name(const struct caller *caller, struct failure *failure)
{
	static const char cure[] = "may ask by address, as localhost, or by a "
				   "name that this worker lists (its -host, or "
				   "DDUMP_HOSTS)";
	const char *who = caller->browser ? "a browser" : "clients";

	if (!caller->host.at)
		return failure_set(failure, 403,
			"there is no Host field: %s %s", who, cure);
	return failure_set(failure, 403, "the Host field says \"%.*s\": %s %s",
		(int)caller->host.size, caller->host.at, who, cure);
}

bool caller_check(
	const struct caller *caller, const char *hosts, struct failure *failure)
{
	if (caller->browser && !is_own_page(caller))
		return failure_set(failure, 403,
			"this looks like a browser that a page of another site "
			"uses (it sends Accept-Language, Origin, Referer, "
			"Upgrade-Insecure-Requests, Sec-*, or calls itself "
			"Mozilla/): a program may send \"Sec-Fetch-Site: "
			"none\"");
	return is_own_name(caller, hosts) || refuse_name(caller, failure);
}
