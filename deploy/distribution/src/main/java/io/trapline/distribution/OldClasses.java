package io.trapline.distribution;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassFile.StackMapsOption;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;

/**
 * Gives classes of the time before Java 6 the stack maps of later ones. Without those the JVM keeps neither them in an AOT cache nor whatever
 * implements or extends them (HotSpot: "Old class has been linked"): for a command line on picocli that is nearly all of it.
 */
final class OldClasses {
    private static final int MAJOR_OFFSET = 6;
    private static final int FIRST_WITH_STACK_MAPS = ClassFile.JAVA_6_VERSION;
    private static final int WRITTEN_AS = ClassFile.JAVA_8_VERSION;

    private final ClassFile classFile;

    /** {@code types}: what the classes extend and implement. */
    OldClasses(ClassHierarchyResolver types) {
        classFile = ClassFile.of(StackMapsOption.GENERATE_STACK_MAPS, ClassHierarchyResolverOption.of(types));
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
