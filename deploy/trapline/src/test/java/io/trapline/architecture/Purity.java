package io.trapline.architecture;

import static com.tngtech.archunit.core.domain.JavaModifier.SYNCHRONIZED;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import io.trapline.model.Pure;
import java.util.Set;
import java.util.function.Predicate;

/** What {@link Pure} promises, as a condition on compiled classes: a pure class knows values, and nothing that acts, waits or tells the time. */
final class Purity extends ArchCondition<JavaClass> {
    private static final Set<String> ALLOWED_PACKAGES = Set.of(
            "java.lang",
            "java.lang.annotation",
            "java.lang.foreign",
            "java.lang.invoke",
            "java.lang.runtime",
            "java.math",
            "java.nio",
            "java.nio.charset",
            "java.util",
            "java.util.function",
            "java.util.random",
            "java.util.regex",
            "java.util.stream",
            "io.trapline.model",
            "org.jspecify.annotations",
            "com.google.errorprone.annotations");

    private static final Set<String> ALLOWED_CLASSES = Set.of("java.time.Duration");

    /** In the packages above, and yet a thread, a process, a clock or a way out. */
    private static final Set<String> REFUSED_CLASSES = Set.of(
            "java.lang.ClassLoader",
            "java.lang.InheritableThreadLocal",
            "java.lang.Process",
            "java.lang.ProcessBuilder",
            "java.lang.ProcessHandle",
            "java.lang.Runtime",
            "java.lang.ScopedValue",
            "java.lang.Thread",
            "java.lang.ThreadGroup",
            "java.lang.ThreadLocal",
            "java.util.Calendar",
            "java.util.Date",
            "java.util.Scanner",
            "java.util.ServiceLoader",
            "java.util.Timer",
            "java.util.TimerTask");

    /** Of {@link System}, which is else the clock, the environment and the streams. */
    private static final Set<String> ALLOWED_OF_SYSTEM = Set.of("arraycopy", "identityHashCode");

    private static final Set<String> REFUSED_OF_OBJECT = Set.of("wait", "notify", "notifyAll");

    private static final Set<String> REFUSED_METHODS = Set.of(
            "java.lang.Math.random",
            "java.util.UUID.randomUUID",
            "java.util.Random.<init>()",
            "java.util.SplittableRandom.<init>()",
            "java.util.random.RandomGenerator.getDefault");

    private final Predicate<JavaClass> alsoAllowed;

    /** @param alsoAllowed what these pure classes may know beyond the common lists */
    Purity(String description, Predicate<JavaClass> alsoAllowed) {
        super(description);
        this.alsoAllowed = alsoAllowed;
    }

    /** A class marked {@link Pure}, or nested in one. */
    static DescribedPredicate<JavaClass> pure() {
        return DescribedPredicate.describe("are @Pure or nested in a @Pure class", Purity::isPure);
    }

    private static boolean isPure(JavaClass type) {
        return type.isAnnotatedWith(Pure.class)
                || type.getEnclosingClass().map(Purity::isPure).orElse(false);
    }

    @Override
    public void check(JavaClass type, ConditionEvents events) {
        for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
            if (!mayKnow(dependency.getTargetClass().getBaseComponentType())) {
                refuse(events, type, dependency.getDescription());
            }
        }
        for (JavaAccess<?> access : type.getAccessesFromSelf()) {
            if (isRefused(access)) {
                refuse(events, type, access.getDescription());
            }
        }
        for (JavaMethod method : type.getMethods()) {
            if (method.getModifiers().contains(SYNCHRONIZED)) {
                refuse(events, type, method.getDescription() + " is synchronized");
            }
        }
    }

    private boolean mayKnow(JavaClass target) {
        if (target.isPrimitive() || isPure(target) || alsoAllowed.test(target)) {
            return true;
        }
        if (REFUSED_CLASSES.contains(target.getName())) {
            return false;
        }
        return ALLOWED_CLASSES.contains(target.getName()) || ALLOWED_PACKAGES.contains(target.getPackageName());
    }

    private static boolean isRefused(JavaAccess<?> access) {
        String owner = access.getTargetOwner().getName();
        String name = access.getTarget().getName();
        return switch (owner) {
            case "java.lang.System" -> !ALLOWED_OF_SYSTEM.contains(name);
            case "java.lang.Object" -> REFUSED_OF_OBJECT.contains(name);
            default ->
                REFUSED_METHODS.contains(owner + "." + name)
                        || REFUSED_METHODS.contains(access.getTarget().getFullName());
        };
    }

    private static void refuse(ConditionEvents events, JavaClass type, String what) {
        events.add(SimpleConditionEvent.violated(type, what));
    }
}
