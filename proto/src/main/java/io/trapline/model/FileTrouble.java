package io.trapline.model;

import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;

/** Why something could not be done with a file, for a person: the JDK says some of that by the class of an exception only. */
public final class FileTrouble {
    private FileTrouble() {}

    /** The reason, without the file. */
    public static String reason(Throwable failed) {
        if (failed instanceof NoSuchFileException) {
            return "no such file or directory";
        }
        if (failed instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (failed instanceof FileAlreadyExistsException) {
            return "is there already, and is no directory";
        }
        if (failed instanceof NotDirectoryException) {
            return "is no directory";
        }
        if (failed instanceof FileSystemException file && file.getReason() != null) {
            return file.getReason();
        }
        String message = failed.getMessage();
        return message == null ? failed.getClass().getSimpleName() : message;
    }

    /** The same behind the file that it is about, where it is about one. */
    public static String text(Throwable failed) {
        return failed instanceof FileSystemException file && file.getFile() != null
                ? file.getFile() + ": " + reason(failed)
                : reason(failed);
    }

    /** The same behind the directory that was to be used, which is named once. */
    public static String text(Path directory, Throwable failed) {
        boolean isIt = failed instanceof FileSystemException file
                && directory.toString().equals(file.getFile());
        return directory + ": " + (isIt ? reason(failed) : text(failed));
    }
}
