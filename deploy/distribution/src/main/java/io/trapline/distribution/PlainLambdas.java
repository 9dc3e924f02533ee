package io.trapline.distribution;

import java.io.Serializable;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeModel;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.TypeCheckInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.constant.DynamicCallSiteDesc;
import java.lang.invoke.CallSite;
import java.lang.invoke.LambdaMetafactory;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Makes plain lambdas of those that can be serialized, as all of Scala's can. The JVM keeps only plain ones in an AOT cache (HotSpot: those of {@code
 * LambdaMetafactory.metafactory}), and would write and compile a class for each other one while a process starts. Nobody here serializes a lambda.
 */
final class PlainLambdas {
    private static final String SERIALIZABLE_TOO = "altMetafactory";
    private static final byte[] MENTIONED = SERIALIZABLE_TOO.getBytes(StandardCharsets.UTF_8);
    private static final int FLAGS = 3;
    private static final int SERIALIZABLE_AND_BRIDGES =
            LambdaMetafactory.FLAG_SERIALIZABLE | LambdaMetafactory.FLAG_BRIDGES;

    private static final ClassDesc CD_SERIALIZABLE =
            Serializable.class.describeConstable().orElseThrow();

    private static final DirectMethodHandleDesc PLAIN = ConstantDescs.ofCallsiteBootstrap(
            LambdaMetafactory.class.describeConstable().orElseThrow(),
            "metafactory",
            CallSite.class.describeConstable().orElseThrow(),
            ConstantDescs.CD_MethodType,
            ConstantDescs.CD_MethodHandle,
            ConstantDescs.CD_MethodType);

    private final ClassFile classFile;

    /** {@code types}: what the classes extend and implement. */
    PlainLambdas(ClassHierarchyResolver types) {
        classFile = ClassFile.of(ClassHierarchyResolverOption.of(types));
    }

    /** Whether that may be a class with such lambdas. */
    static boolean mayBeIn(String name, byte[] bytes) {
        return isMentioned(MENTIONED, name, bytes);
    }

    /** Whether that is a class that has a constant of those bytes, or of more. */
    static boolean isMentioned(byte[] constant, String name, byte[] bytes) {
        if (!name.endsWith(".class")) {
            return false;
        }
        for (int at = 0; at <= bytes.length - constant.length; at++) {
            int same = 0;
            while (same < constant.length && bytes[at + same] == constant[same]) {
                same++;
            }
            if (same == constant.length) {
                return true;
            }
        }
        return false;
    }

    /**
     * The same class with plain lambdas. A lambda of which more is asked than that it can be serialized stays as it is, and so does a class that
     * mentions what is not there: it cannot be used anyway, or not all of it.
     */
    byte[] plain(byte[] old) {
        try {
            return transformed(old);
        } catch (IllegalArgumentException unresolved) {
            return old;
        }
    }

    private byte[] transformed(byte[] old) {
        CodeTransform lambdas = (builder, element) -> {
            if (element instanceof InvokeDynamicInstruction called && isOnlySerializable(called)) {
                List<ConstantDesc> arguments = called.bootstrapArgs();
                builder.invokedynamic(DynamicCallSiteDesc.of(
                        PLAIN,
                        called.name().stringValue(),
                        called.typeSymbol(),
                        arguments.subList(0, FLAGS).toArray(ConstantDesc[]::new)));
            } else {
                builder.with(element);
            }
        };
        return classFile.transformClass(
                classFile.parse(old),
                ClassTransform.transformingMethodBodies(
                        method -> method.code().filter(PlainLambdas::isChanged).isPresent(), lambdas));
    }

    /** Whether there are such lambdas in it, and it insists on none of them being serializable. */
    private static boolean isChanged(CodeModel code) {
        return code.elementStream()
                        .anyMatch(element ->
                                element instanceof InvokeDynamicInstruction called && isOnlySerializable(called))
                && code.elementStream()
                        .noneMatch(element -> element instanceof TypeCheckInstruction cast
                                && cast.type().asSymbol().equals(CD_SERIALIZABLE));
    }

    /**
     * Whether nothing else is asked of it that anybody uses. Scala also wants the method once more, with the types that it is for: for whoever looks that one up by
     * reflection (scala/bug#10334), which nobody does.
     */
    private static boolean isOnlySerializable(InvokeDynamicInstruction called) {
        DirectMethodHandleDesc bootstrap = called.bootstrapMethod();
        if (!bootstrap.methodName().equals(SERIALIZABLE_TOO)
                || !bootstrap.owner().equals(PLAIN.owner())) {
            return false;
        }
        List<ConstantDesc> arguments = called.bootstrapArgs();
        List<ConstantDesc> more = arguments.subList(FLAGS, arguments.size());
        ConstantDesc itsType = arguments.get(FLAGS - 1);
        return more.equals(List.of(LambdaMetafactory.FLAG_SERIALIZABLE))
                || more.equals(List.of(SERIALIZABLE_AND_BRIDGES, 0))
                || more.equals(List.of(SERIALIZABLE_AND_BRIDGES, 1, itsType));
    }
}
