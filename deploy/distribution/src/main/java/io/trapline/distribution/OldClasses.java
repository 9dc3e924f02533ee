package io.trapline.distribution;

import java.io.ByteArrayInputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassFile.StackMapsOption;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.constant.ClassDesc;
import java.util.Map;

/**
 * Gives classes of the time before Java 6 the stack maps of later ones. Without those the JVM keeps neither them in an AOT cache nor whatever
 * implements or extends them (HotSpot: "Old class has been linked"): for a command line on picocli that is nearly all of it.
 */
final class OldClasses {
    private static final int MAJOR_OFFSET = 6;
    private static final int FIRST_WITH_STACK_MAPS = ClassFile.JAVA_6_VERSION;
    private static final int WRITTEN_AS = ClassFile.JAVA_8_VERSION;

    private final ClassFile classFile;

    /** {@code entries}: of the jar, by name; the types that its classes mention are looked up there first. */
    OldClasses(Map<String, byte[]> entries) {
        ClassHierarchyResolver own = ClassHierarchyResolver.ofResourceParsing((ClassDesc type) -> {
            String descriptor = type.descriptorString();
            byte[] bytes = entries.get(descriptor.substring(1, descriptor.length() - 1) + ".class");
            return bytes == null ? null : new ByteArrayInputStream(bytes);
        });
        classFile = ClassFile.of(
                StackMapsOption.GENERATE_STACK_MAPS,
                ClassHierarchyResolverOption.of(own.orElse(ClassHierarchyResolver.defaultResolver())));
    }

    /** Whether that is a class file, older than stack maps are. */
    static boolean isOld(String name, byte[] bytes) {
        return name.endsWith(".class") && bytes.length > MAJOR_OFFSET + 1 && major(bytes) < FIRST_WITH_STACK_MAPS;
    }

    /** The major version of a class file. */
    static int major(byte[] classFile) {
        return ((classFile[MAJOR_OFFSET] & 0xff) << 8) | (classFile[MAJOR_OFFSET + 1] & 0xff);
    }

    /** The same class with stack maps. */
    byte[] renewed(byte[] old) {
        return classFile.transformClass(
                classFile.parse(old),
                ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL)
                        .andThen((builder, element) -> {
                            if (element instanceof ClassFileVersion) {
                                builder.withVersion(WRITTEN_AS, 0);
                            } else {
                                builder.with(element);
                            }
                        }));
    }
}
