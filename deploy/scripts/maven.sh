# Sourced by ./trapline, ./check and proto/buf: finds a JDK 25 and runs Maven on it.

# The folders that hold JVMs side by side; the variable replaces them, for machines that keep theirs elsewhere.
jvm_folders=${TRAPLINE_JVM_FOLDERS-/usr/lib/jvm:/usr/lib64/jvm:/usr/java:/opt:/opt/java:/opt/jdk:${HOME:-/nowhere}/.sdkman/candidates/java:${HOME:-/nowhere}/.jdks:/Library/Java/JavaVirtualMachines}

# Is $1 the home of a JDK 25 (a compiler included)? Reads its release file, since starting each JVM costs time.
is_jdk_25() {
    [ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] || return 1
    if [ -r "$1/release" ]; then
        grep -q '^JAVA_VERSION="25[".]' "$1/release"
    else
        "$1/bin/javac" -version 2>&1 | grep -q '^javac 25\b'
    fi
}

# Prints the home of the first JDK 25: JAVA_HOME, PATH, then the usual folders.
find_jdk() {
    local home java folder
    if [ -n "${JAVA_HOME:-}" ] && is_jdk_25 "$JAVA_HOME"; then
        printf '%s\n' "$JAVA_HOME"
        return
    fi
    if java=$(command -v java); then
        home=$(dirname "$(dirname "$(readlink -f "$java")")")
        if is_jdk_25 "$home"; then
            printf '%s\n' "$home"
            return
        fi
    fi
    local IFS=:
    for folder in $jvm_folders; do
        for home in "$folder"/* "$folder"/*/Contents/Home; do
            if is_jdk_25 "$home"; then
                printf '%s\n' "$home"
                return
            fi
        done
    done
    return 1
}

# Sets JAVA_HOME to a JDK 25, or says in one line what is missing and leaves. $1 is who asks.
require_jdk() {
    local home
    if ! home=$(find_jdk); then
        printf '%s: no JDK 25 found in JAVA_HOME, PATH or %s: install one (for example Temurin 25) or set JAVA_HOME\n' "$1" "${jvm_folders:-(no folder)}" >&2
        exit 1
    fi
    export JAVA_HOME=$home
}

require_maven() {
    command -v mvn >/dev/null || {
        printf '%s: no Maven found in PATH: install Maven 3.8.7 or newer (Debian: apt-get install maven)\n' "$1" >&2
        exit 1
    }
}

# Maven, without questions or colours, saying nothing but warnings and errors. MAVEN_OPTS stays the user's own; without it the JVM compiles
# with its first compiler only and collects with one thread: a build is over before more has paid for itself.
# The flag added to it silences what the Guava inside Maven does, on the JDK that we have chosen.
quiet_maven() {
    MAVEN_OPTS="${MAVEN_OPTS:--XX:TieredStopAtLevel=1 -XX:+UseSerialGC} --sun-misc-unsafe-memory-access=allow" \
        mvn -B -ntp -Dstyle.color=never -Dorg.slf4j.simpleLogger.defaultLogLevel=warn "$@"
}

# From Maven's output on stdin, what a person needs to see.
reasons() {
    sed 's/\x1b\[[0-9;]*m//g' | grep -vE '^$|^\[ERROR\] *$|^\[ERROR\] (-> \[Help|\[Help|To see the full stack trace|Re-run Maven|For more information|After correcting)|^\[ERROR\]   mvn <args>' || true
}

# run_logged WHO WHAT LOG COMMAND...: runs the command with all its output in the log; on a terminal the seconds go by.
run_logged() {
    local who=$1 what=$2 log=$3 pid start=$SECONDS status=0
    shift 3
    "$@" >"$log" 2>&1 </dev/null &
    pid=$!
    trap 'kill "$pid" 2>/dev/null || true; exit 130' INT TERM
    if [ -t 2 ]; then
        while kill -0 "$pid" 2>/dev/null; do
            printf '\r%s: %s, %d s ' "$who" "$what" $((SECONDS - start)) >&2
            sleep 1
        done
        printf '\r\033[K' >&2
    fi
    wait "$pid" || status=$?
    trap - INT TERM
    return "$status"
}
