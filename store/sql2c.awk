# Prints the numbered schema files as rows of a C table: {number, "file name", "text"}.
# A file's number is the version of the schema that it leads to; numbers grow.

function finish()
{
    if (name != "")
        print "        },"
}

FNR == 1 {
    finish()
    name = FILENAME
    sub(/.*\//, "", name)
    if (name !~ /^[0-9][0-9][0-9][0-9]-[a-z0-9-]+\.sql$/ || name + 0 <= version) {
        print "sql2c.awk: " FILENAME ": expected a schema file number above " version > "/dev/stderr"
        name = ""
        exit 1
    }
    version = name + 0
    printf "        {%d, \"%s\",\n", version, name
}

{
    line = $0
    gsub(/\\/, "\\\\", line)
    gsub(/"/, "\\\"", line)
    gsub(/\t/, "\\t", line)
    print "         \"" line "\\n\""
}

END { finish() }
