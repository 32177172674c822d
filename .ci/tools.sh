# Finds Java, Maven and what the test servers need for ./test and ./pythia, which source this file. Everything it says goes to standard error.

MIN_JAVA=17
MIN_MAVEN=3.8.7

say() {
    printf '%s\n' "$*" >&2
}

die() {
    say "$*"
    exit 1
}

# The major version of the JDK at $1; nothing where there is none.
jdk_major() {
    [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 0
    sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
}

# The home of the JDK that this shell would use.
default_jdk() {
    if [ -n "${JAVA_HOME:-}" ]; then
        printf '%s\n' "$JAVA_HOME"
    elif command -v java >/dev/null; then
        java -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java.home = //p'
    fi
}

require_jdk() {
    local home major
    home=$(default_jdk)
    major=$(jdk_major "${home:-/nowhere}")
    if [ "${major:-0}" -lt "$MIN_JAVA" ]; then
        die "Pythia needs a JDK (with javac), version $MIN_JAVA or newer; found: ${major:+version $major in }${home:-none}." \
            "Install one (Debian, Ubuntu: apt-get install openjdk-17-jdk-headless) or set JAVA_HOME."
    fi
    export JAVA_HOME=$home
}

# Installs Debian packages where this shell may: as root, on Debian or Ubuntu.
apt_install() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    say "Installing $* with apt-get ..."
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"; } >&2
}

# Installs packages of npm into .servers, where the tests look for them. npm itself comes from Debian if it is not there.
npm_install() {
    command -v npm >/dev/null || apt_install npm || return 1
    say "Installing $* with npm ..."
    npm install --prefix .servers --no-audit --no-fund --omit=dev "$@" >&2
}

# Whether the test servers are processes of this machine: chosen, or in CI, or for want of a Docker engine. What they need
# beyond Maven Central is then to be installed. The tests themselves decide by the same rules (TestServers of pythia-testkit).
native_servers() {
    case ${PYTHIA_TEST_SERVERS:-} in
        native) return 0 ;;
        docker) return 1 ;;
        '') [ "${CI:-}" = true ] || ! docker_answers ;;
        *) die "PYTHIA_TEST_SERVERS is docker or native, not $PYTHIA_TEST_SERVERS." ;;
    esac
}

docker_answers() {
    command -v docker >/dev/null && docker version >/dev/null 2>&1
}

maven_version() {
    command -v mvn >/dev/null || return 0
    mvn --version 2>/dev/null | sed -n 's/.*Apache Maven \([0-9][0-9.]*\).*/\1/p'
}

require_maven() {
    local version
    command -v mvn >/dev/null || apt_install maven || true
    version=$(maven_version)
    if [ "$(printf '%s\n' "$MIN_MAVEN" "${version:-0}" | sort -V | head -n 1)" != "$MIN_MAVEN" ]; then
        die "Pythia is built with Maven $MIN_MAVEN or newer; found: ${version:-none}." \
            "Install it (Debian 12, Ubuntu 24.04 or newer: apt-get install maven) and put mvn on the PATH."
    fi
}
