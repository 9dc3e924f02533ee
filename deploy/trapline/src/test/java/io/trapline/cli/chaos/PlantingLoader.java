package io.trapline.cli.chaos;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeModel;
import java.lang.classfile.MethodModel;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.Optional;

/** Trapline's classes as they are, but for one method that does nothing, says yes to everything, or has nothing to say against it. */
final class PlantingLoader extends ClassLoader {
    private static final String OURS = "io.trapline.";
    private static final ClassDesc OPTIONAL = Optional.class.describeConstable().orElseThrow();

    private final String plantedClass;
    private final String plantedMethod;

    /**
     * Loads everything once more that is Trapline's.
     *
     * @param plantedMethod of {@code plantedClass}, without a result or with a boolean or an optional one, whatever its parameters are
     */
    PlantingLoader(String plantedClass, String plantedMethod) {
        super(PlantingLoader.class.getClassLoader());
        this.plantedClass = plantedClass;
        this.plantedMethod = plantedMethod;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.startsWith(OURS)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            return loaded == null ? define(name) : loaded;
        }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
        try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
            if (in == null) {
                throw new ClassNotFoundException(name);
            }
            byte[] bytes = in.readAllBytes();
            byte[] used = name.equals(plantedClass) ? planted(bytes) : bytes;
            return defineClass(name, used, 0, used.length);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** The class with the plant. Fails where it has no such method, so that no plant goes missing unnoticed. */
    byte[] planted(byte[] sound) {
        ClassFile classFile = ClassFile.of();
        var model = classFile.parse(sound);
        if (model.methods().stream().noneMatch(this::isPlanted)) {
            throw new IllegalStateException(plantedClass + " has no method " + plantedMethod);
        }
        return classFile.transformClass(model, ClassTransform.transformingMethods(this::isPlanted, (builder, part) -> {
            if (!(part instanceof CodeModel code)) {
                builder.with(part);
            } else if (returns(code, ConstantDescs.CD_boolean)) {
                builder.withCode(instead -> instead.iconst_1().ireturn());
            } else if (returns(code, OPTIONAL)) {
                builder.withCode(instead -> instead.invokestatic(OPTIONAL, "empty", MethodTypeDesc.of(OPTIONAL))
                        .areturn());
            } else {
                builder.withCode(instead -> instead.return_());
            }
        }));
    }

    private boolean isPlanted(MethodModel method) {
        return method.methodName().equalsString(plantedMethod);
    }

    private static boolean returns(CodeModel code, ClassDesc type) {
        return code.parent().orElseThrow().methodTypeSymbol().returnType().equals(type);
    }
}
