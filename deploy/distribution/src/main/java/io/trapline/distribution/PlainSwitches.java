package io.trapline.distribution;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Label;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDesc;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.AccessFlag;
import java.lang.runtime.SwitchBootstraps;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Gives each switch over types a method that asks for one type after the other. The JVM keeps no such switch in an AOT cache: it would write and compile a class that asks just so
 * when the switch is first come to, and every actor here begins with one.
 */
final class PlainSwitches {
    private static final String METHOD = "typeSwitch";
    private static final byte[] MENTIONED = METHOD.getBytes(StandardCharsets.UTF_8);
    private static final ClassDesc BOOTSTRAPS =
            SwitchBootstraps.class.describeConstable().orElseThrow();
    private static final int PRIVATE_STATIC_SYNTHETIC =
            AccessFlag.PRIVATE.mask() | AccessFlag.STATIC.mask() | AccessFlag.SYNTHETIC.mask();
    /** What such a switch says of a null. */
    private static final int NULL = -1;

    /** One of them: what it is given, and what it asks for. */
    private record Switch(String name, MethodTypeDesc type, List<ClassDesc> labels) {
        void write(CodeBuilder code) {
            Label some = code.newLabel();
            code.aload(0).ifnonnull(some).loadConstant(NULL).ireturn().labelBinding(some);
            for (int i = 0; i < labels.size(); i++) {
                Label next = code.newLabel();
                // Those before were asked for already, and what goes with them did not hold.
                code.iload(1).loadConstant(i).if_icmpgt(next);
                code.aload(0).instanceOf(labels.get(i)).ifeq(next);
                code.loadConstant(i).ireturn().labelBinding(next);
            }
            code.loadConstant(labels.size()).ireturn();
        }
    }

    private final ClassFile classFile;

    /** {@code types}: what the classes extend and implement. */
    PlainSwitches(ClassHierarchyResolver types) {
        classFile = ClassFile.of(ClassHierarchyResolverOption.of(types));
    }

    /** Whether that may be a class with such switches. */
    static boolean mayBeIn(String name, byte[] bytes) {
        return PlainLambdas.isMentioned(MENTIONED, name, bytes);
    }

    /** The same class with plain switches. One that asks for more than types stays as it is, and so does a class that mentions what is not there. */
    byte[] plain(byte[] old) {
        try {
            return transformed(classFile.parse(old));
        } catch (IllegalArgumentException unresolved) {
            return old;
        }
    }

    private byte[] transformed(ClassModel old) {
        List<Switch> switches = new ArrayList<>();
        boolean isInterface = old.flags().has(AccessFlag.INTERFACE);
        CodeTransform calls = (builder, element) -> {
            if (element instanceof InvokeDynamicInstruction called && isOfTypes(called)) {
                Switch each = new Switch(
                        METHOD + "$" + switches.size(),
                        called.typeSymbol(),
                        called.bootstrapArgs().stream()
                                .map(ClassDesc.class::cast)
                                .toList());
                switches.add(each);
                builder.invokestatic(old.thisClass().asSymbol(), each.name(), each.type(), isInterface);
            } else {
                builder.with(element);
            }
        };
        return classFile.transformClass(
                old,
                ClassTransform.transformingMethodBodies(
                                method -> method.code().stream()
                                        .flatMap(code -> code.elementStream())
                                        .anyMatch(element -> element instanceof InvokeDynamicInstruction called
                                                && isOfTypes(called)),
                                calls)
                        .andThen(ClassTransform.endHandler(builder -> switches.forEach(each -> builder.withMethodBody(
                                each.name(), each.type(), PRIVATE_STATIC_SYNTHETIC, each::write)))));
    }

    private static boolean isOfTypes(InvokeDynamicInstruction called) {
        DirectMethodHandleDesc bootstrap = called.bootstrapMethod();
        return bootstrap.methodName().equals(METHOD)
                && bootstrap.owner().equals(BOOTSTRAPS)
                && !called.typeSymbol().parameterType(0).isPrimitive()
                && called.bootstrapArgs().stream().allMatch(PlainSwitches::isType);
    }

    private static boolean isType(ConstantDesc label) {
        return label instanceof ClassDesc type && !type.isPrimitive();
    }
}
