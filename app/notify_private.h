/* SPDX-License-Identifier: MIT */
/* Reports the state of a service of Type=notify to systemd. */
#ifndef APP_NOTIFY_PRIVATE_H
#define APP_NOTIFY_PRIVATE_H

/* Sends a state, such as "READY=1", where $NOTIFY_SOCKET says; without it, does nothing. */
void notify(const char *state);

#endif
