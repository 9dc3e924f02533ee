#!/bin/sh
# Runs Trapline from where it was unpacked; it needs nothing of the machine but a C library.
# TRAPLINE_JAVA_OPTS: more flags for the JVM. TRAPLINE_START_CACHE=off: begin without what it learnt when it was built.
self=$0
while [ -L "$self" ]; do
    link=$(readlink "$self")
    case $link in /*) self=$link ;; *) self=${self%/*}/$link ;; esac
done
case $self in */*) home=${self%/*}/.. ;; *) home=.. ;; esac
home=$(cd "$home" && pwd) || exit 1
export TRAPLINE_PROGRAM="$home/bin/trapline"

# What runs for a moment is over before the optimising compiler would have paid.
flags=-XX:TieredStopAtLevel=1
cache=trapline
for argument; do
    case $argument in
        up) flags= cache=up ;;
        --coordinators* | --nodes*) cache=trapline ;;
        # What a coordinator does when another one has ended it does for the first time: it pays as little for that as it can.
        coordinator) flags=-XX:TieredStopAtLevel=1 ;;
        node | demo | replay | simulate | chaos | bench | rehearse) flags= ;;
    esac
done
if [ $cache = up ]; then
    # One process that is a whole cluster. Nothing is compiled because it was when the cache was made: it would be while the start waits for the processor.
    flags='-XX:+UnlockDiagnosticVMOptions -XX:-AOTReplayTraining'
    # Memory in large pages, where the kernel has them on request: a start asks it for a fifth fewer pages.
    if { read -r pages </sys/kernel/mm/transparent_hugepage/enabled; } 2>/dev/null; then
        case $pages in *'[never]'*) ;; *) flags="$flags -XX:+UseTransparentHugePages" ;; esac
    fi
    # Its own cache: the JVM reads one as a whole, and this one has nothing that only several processes need.
    [ -f "$home/lib/up.aot" ] || cache=trapline
fi

if [ "${TRAPLINE_START_CACHE-}" != off ] && [ -f "$home/lib/$cache.aot" ]; then
    # The processes of 'up --coordinators' begin with it too.
    export TRAPLINE_START_CACHE="$home/lib/$cache.aot"
    set -- $flags -XX:AOTCache="$TRAPLINE_START_CACHE" ${TRAPLINE_JAVA_OPTS-} -cp "$home/lib/trapline.jar" io.trapline.cli.TraplineCommand "$@"
else
    set -- $flags ${TRAPLINE_JAVA_OPTS-} -cp "$home/lib/trapline.jar" io.trapline.cli.TraplineCommand "$@"
fi
exec "$home/runtime/bin/java" @"$home/lib/jvm.options" -Djava.library.path="$home/lib/native" "$@"
