/* SPDX-License-Identifier: MIT */
/* Testers' rules live in memory. A file says how many there were, so that a restart can log that they are
 * gone. */
#ifndef APP_LOST_RULES_PRIVATE_H
#define APP_LOST_RULES_PRIVATE_H

/* Logs how many rules the last process had, and counts those of this one. data_dir must outlive the rules.
 * Without the file nothing is logged. */
void lost_rules_report(const char *data_dir);

#endif
