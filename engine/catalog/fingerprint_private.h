/* SPDX-License-Identifier: MIT */
/* Further parts of the query of engine/catalog/fingerprint.c, and only for it: each adds rows of kind,
 * object, parent and definition to a UNION ALL, and uses the CTEs places, members and tables. */
#ifndef ENGINE_CATALOG_FINGERPRINT_PRIVATE_H
#define ENGINE_CATALOG_FINGERPRINT_PRIVATE_H

/* Operators, their classes and families, casts, transforms. */
extern const char fingerprint_operators_sql[];
/* Collations, conversions, text search. */
extern const char fingerprint_texts_sql[];
/* Foreign servers, publications, languages, access methods, the database itself. */
extern const char fingerprint_outside_sql[];
/* Comments and security labels. */
extern const char fingerprint_attached_sql[];

#endif
