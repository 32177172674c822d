# Sums up the reports of one build for ./test, which sources this file.

# The attribute $1 of the tags <testsuite ...> read from standard input, added up.
sum_attribute() {
    sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" | awk '{ sum += $1 } END { print sum + 0 }'
}

# One line of totals for the reports called $2-reports, headed $1.
totals() {
    local suites
    suites=$(find . -path "*/target/$2-reports/TEST-*.xml" -exec grep -h '<testsuite ' {} +) || true
    printf '  %-20s %6d run, %d failed, %d skipped\n' "$1" \
        "$(sum_attribute tests <<<"$suites")" \
        "$(($(sum_attribute failures <<<"$suites") + $(sum_attribute errors <<<"$suites")))" \
        "$(sum_attribute skipped <<<"$suites")"
}

# The conformance cases of every connector: one file each, lines "case <tab> status <tab> detail", the last line of a case counts.
conformance() {
    local files
    files=$(find . -path '*/target/conformance/*.tsv' | sort)
    [ -n "$files" ] || return 0
    printf '  %-20s %6s %15s %7s %8s\n' 'conformance of' run 'not applicable' failed skipped
    while IFS= read -r file; do
        awk -F '\t' -v name="$(basename "$file" .tsv)" '
            $1 != "" { status[$1] = $2 }
            END {
                for (id in status) count[status[id]]++
                printf "  %-20s %6d %15d %7d %8d\n", name, count["RUN"] + count["FAILED"], count["NA"], count["FAILED"], count["SKIPPED"]
            }' "$file"
    done <<<"$files"
}

# The reasons of tests that found no server, one per line. A reason says how to get the server and so names PYTHIA_TEST_...
missing_servers() {
    find . -path '*/target/conformance/*.tsv' -exec awk -F '\t' '$2 == "SKIPPED" { print $3 }' {} +
    # A disabled test has its reason in an attribute, an aborted one in the text of its exception.
    find . -path '*/target/*-reports/TEST-*.xml' -exec grep -h '<skipped.*PYTHIA_TEST_' {} + |
        sed -e 's/.*<skipped[^>]* message="\([^"]*\)".*/\1/' \
            -e 's/.*<!\[CDATA\[[^:]*: \(Assumption failed: \)\{0,1\}//' -e 's/\]\]>.*//' || true
}

# The tests that failed: class, method, and the first line of what was wrong.
failed_tests() {
    find . -path '*/target/*-reports/TEST-*.xml' -exec awk '
        /<testcase / {
            match($0, / name="[^"]*"/); name = substr($0, RSTART + 7, RLENGTH - 8)
            match($0, / classname="[^"]*"/); class = substr($0, RSTART + 12, RLENGTH - 13)
        }
        /<(failure|error)[ >]/ {
            text = match($0, / message="[^"]*/) ? substr($0, RSTART + 10, 300) : ""
            gsub(/&#10;/, " ", text); gsub(/&quot;/, "\"", text); gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text)
            printf "  FAILED: %s.%s: %s\n", class, name, text
        }' {} +
}

summary() {
    printf '%s\n' "$1"
    conformance
    totals 'unit tests' surefire
    totals 'tests with servers' failsafe
    failed_tests
    missing_servers | sort -u | sed 's/^/  SKIPPED for want of a server: /'
}
