/* SPDX-License-Identifier: MIT */
/* The server parameters of the service that PostgreSQL does not have. */
#ifndef EXECUTOR_SPELLING_CONFIGURATION_WORDS_H
#define EXECUTOR_SPELLING_CONFIGURATION_WORDS_H

/* azure.replication_support of a single server: its wal_level in the service's terms. */
extern const char replication_support[];
/* azure.extensions of a flexible server: a list that the store keeps. */
extern const char allowed_extensions[];

/* The service's term for a wal_level, and back (the oldest wal_level of that term); NULL if there is none.
 * Compared without case. */
const char *replication_word(const char *wal_level);
const char *replication_wal_level(const char *word);

#endif
