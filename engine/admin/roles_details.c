/* SPDX-License-Identifier: MIT */
/* Copies memberships, settings, comments and privileges on parameters of the roles that were created. */
#include <string.h>

#include "engine/admin/roles_private.h"
#include "engine/pg/setting.h"

static bool is_on_target(const struct roles_job *job, const char *role)
{
    return str_list_has(&job->there, role) || str_list_has(&job->created, role);
}

static int warn_refused(struct roles_job *job, int outcome, const char *what, const char *role,
                        const char *detail)
{
    if (outcome <= 0) {
        return outcome;
    }
    return roles_warn(job, "%s '%s' of the role '%s' was not copied: %s", what, detail, role,
                      job->err->message);
}

enum membership_column { GROUP_NAME, MEMBER_NAME, MEMBER_ADMIN, MEMBER_INHERIT, MEMBER_SET };

static void build_membership(struct roles_job *job, const PGresult *members, int row, struct buf *sql)
{
    bool admin = pg_is_true(members, row, MEMBER_ADMIN);
    buf_adds(sql, "GRANT ");
    pg_add_identifier(&job->target, sql, PQgetvalue(members, row, GROUP_NAME));
    buf_adds(sql, " TO ");
    pg_add_identifier(&job->target, sql, PQgetvalue(members, row, MEMBER_NAME));
    if (job->target.version >= 160000) {
        buf_addf(sql, " WITH ADMIN %s, INHERIT %s, SET %s", admin ? "TRUE" : "FALSE",
                 pg_is_true(members, row, MEMBER_INHERIT) ? "TRUE" : "FALSE",
                 pg_is_true(members, row, MEMBER_SET) ? "TRUE" : "FALSE");
    } else if (admin) {
        buf_adds(sql, " WITH ADMIN OPTION");
    }
}

static int copy_membership(struct roles_job *job, const PGresult *members, int row)
{
    const char *group = PQgetvalue(members, row, GROUP_NAME);
    const char *member = PQgetvalue(members, row, MEMBER_NAME);
    if (!str_list_has(&job->created, group) && !str_list_has(&job->created, member)) {
        return 0;
    }
    if (!is_on_target(job, group) || !is_on_target(job, member)) {
        return roles_warn(job, "The membership of '%s' in '%s' was not copied: the target lacks '%s'.",
                          member, group, is_on_target(job, group) ? member : group);
    }
    auto_buf struct buf sql = BUF_MAX(ROLES_SQL_MAX_BYTES);
    build_membership(job, members, row, &sql);
    return warn_refused(job, roles_try(job, &sql), "The membership in", member, group);
}

int roles_copy_memberships(struct roles_job *job)
{
    const char *sql =
        job->source.version >= 160000
            ? "SELECT g.rolname, m.rolname, pg_catalog.bool_or(a.admin_option), "
              "pg_catalog.bool_or(a.inherit_option),"
              " pg_catalog.bool_or(a.set_option) FROM pg_catalog.pg_auth_members a"
              " JOIN pg_catalog.pg_roles g ON g.oid = a.roleid JOIN pg_catalog.pg_roles m ON m.oid = a.member"
              " GROUP BY 1, 2 ORDER BY 1, 2"
            : "SELECT g.rolname, m.rolname, pg_catalog.bool_or(a.admin_option), "
              "pg_catalog.bool_or(m.rolinherit),"
              " true FROM pg_catalog.pg_auth_members a"
              " JOIN pg_catalog.pg_roles g ON g.oid = a.roleid JOIN pg_catalog.pg_roles m ON m.oid = a.member"
              " GROUP BY 1, 2 ORDER BY 1, 2";
    auto_result PGresult *members = NULL;
    if (pg_query(&job->source, job->err, &members, sql, 0, NULL) != 0) {
        return -1;
    }
    for (int i = 0; i < PQntuples(members); i++) {
        if (copy_membership(job, members, i) != 0) {
            return -1;
        }
    }
    return 0;
}

static int copy_setting(struct roles_job *job, const char *role, const char *parameter, const char *value)
{
    auto_buf struct buf sql = BUF_MAX(ROLES_SQL_MAX_BYTES);
    buf_adds(&sql, "ALTER ROLE ");
    pg_add_identifier(&job->target, &sql, role);
    pg_add_setting(&job->target, &sql, parameter, value);
    return warn_refused(job, roles_try(job, &sql), "The setting", role, parameter);
}

int roles_copy_settings(struct roles_job *job)
{
    auto_result PGresult *settings = NULL;
    if (pg_query(&job->source, job->err, &settings,
                 "SELECT r.rolname, pg_catalog.split_part(c.text, '=', 1),"
                 " pg_catalog.substr(c.text, pg_catalog.strpos(c.text, '=') + 1)"
                 " FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_roles r ON r.oid = s.setrole"
                 " CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) WITH ORDINALITY AS c (text, place)"
                 " WHERE s.setdatabase = 0 ORDER BY r.rolname, c.place",
                 0, NULL) != 0) {
        return -1;
    }
    for (int i = 0; i < PQntuples(settings); i++) {
        const char *role = PQgetvalue(settings, i, 0);
        if (str_list_has(&job->created, role) &&
            copy_setting(job, role, PQgetvalue(settings, i, 1), PQgetvalue(settings, i, 2)) != 0) {
            return -1;
        }
    }
    return 0;
}

static int copy_comment(struct roles_job *job, const char *role, const char *comment)
{
    auto_buf struct buf sql = BUF_MAX(ROLES_SQL_MAX_BYTES);
    buf_adds(&sql, "COMMENT ON ROLE ");
    pg_add_identifier(&job->target, &sql, role);
    buf_adds(&sql, " IS ");
    pg_add_literal(&job->target, &sql, comment);
    return warn_refused(job, roles_try(job, &sql), "The", role, "comment");
}

int roles_copy_comments(struct roles_job *job)
{
    auto_result PGresult *comments = NULL;
    if (pg_query(
            &job->source, job->err, &comments,
            "SELECT r.rolname, d.description FROM pg_catalog.pg_roles r JOIN pg_catalog.pg_shdescription d"
            " ON d.objoid = r.oid AND d.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass",
            0, NULL) != 0) {
        return -1;
    }
    for (int i = 0; i < PQntuples(comments); i++) {
        const char *role = PQgetvalue(comments, i, 0);
        if (str_list_has(&job->created, role) && copy_comment(job, role, PQgetvalue(comments, i, 1)) != 0) {
            return -1;
        }
    }
    return 0;
}

static int copy_parameter_privilege(struct roles_job *job, const PGresult *privileges, int row)
{
    const char *parameter = PQgetvalue(privileges, row, 0);
    const char *role = PQgetvalue(privileges, row, 2);
    auto_buf struct buf sql = BUF_MAX(ROLES_SQL_MAX_BYTES);
    buf_addf(&sql, "GRANT %s ON PARAMETER ", PQgetvalue(privileges, row, 1));
    pg_add_identifier(&job->target, &sql, parameter);
    buf_adds(&sql, " TO ");
    pg_add_identifier(&job->target, &sql, role);
    buf_adds(&sql, pg_is_true(privileges, row, 3) ? " WITH GRANT OPTION" : "");
    return warn_refused(job, roles_try(job, &sql), "The privilege on the parameter", role, parameter);
}

int roles_copy_parameter_privileges(struct roles_job *job)
{
    if (job->source.version < 150000 || job->target.version < 150000) {
        return 0;
    }
    auto_result PGresult *privileges = NULL;
    if (pg_query(
            &job->source, job->err, &privileges,
            "SELECT p.parname, a.privilege_type, r.rolname, a.is_grantable FROM pg_catalog.pg_parameter_acl p"
            " CROSS JOIN LATERAL pg_catalog.aclexplode(p.paracl) a JOIN pg_catalog.pg_roles r ON r.oid = "
            "a.grantee"
            " ORDER BY 1, 3, 2",
            0, NULL) != 0) {
        return -1;
    }
    for (int i = 0; i < PQntuples(privileges); i++) {
        if (str_list_has(&job->created, PQgetvalue(privileges, i, 2)) &&
            copy_parameter_privilege(job, privileges, i) != 0) {
            return -1;
        }
    }
    return 0;
}
