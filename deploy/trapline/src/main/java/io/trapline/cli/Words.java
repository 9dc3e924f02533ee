package io.trapline.cli;

import io.trapline.model.AccessFlags;
import io.trapline.model.MemType;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The contract's words as people type them. */
final class Words {
    private Words() {}

    /** A memory type: {@code ram_rw} …, {@code ioreq_server[3]}, {@code ioreq_server3} or {@code 3}. */
    static final class MemTypeConverter implements ITypeConverter<MemType> {
        @Override
        public MemType convert(String text) {
            String word = text.toLowerCase(Locale.ROOT);
            for (MemType type : MemType.values()) {
                boolean numbered = type.isIoreqServer()
                        && (word.equals("ioreq_server" + type.x()) || word.equals(String.valueOf(type.x())));
                if (numbered || word.equals(type.text())) {
                    return type;
                }
            }
            throw new TypeConversionException(
                    "'" + text
                            + "' is no memory type: ram_rw, ram_ro, mmio_dm, mmio_write_dm, ioreq_server[0] … ioreq_server[15]");
        }
    }

    /** Kinds of access: {@code read}, {@code write}, {@code read,write}. */
    static final class FlagsConverter implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String text) {
            int flags = 0;
            for (String word : text.toLowerCase(Locale.ROOT).split("[,|+]", -1)) {
                flags |= switch (word) {
                    case "read", "r" -> AccessFlags.READ;
                    case "write", "w" -> AccessFlags.WRITE;
                    case "rw" -> AccessFlags.ALL;
                    default ->
                        throw new TypeConversionException(
                                "'" + text + "' is no set of accesses: read, write or read,write");
                };
            }
            return flags;
        }
    }

    /** Constant of the contract without its prefix: {@code DOMAIN_STATE_RUNNING} as {@code running}. */
    static String of(Enum<?> constant, String prefix) {
        String name = constant.name();
        return (name.startsWith(prefix) ? name.substring(prefix.length()) : name).toLowerCase(Locale.ROOT);
    }
}
