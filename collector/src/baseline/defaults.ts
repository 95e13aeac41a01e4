// What configuration and running code both know.

/** One false alarm of an operation in so many days is accepted, by a sidecar unless configured, and by a scan. */
export const FALSE_ALARM_DAYS = 40;
