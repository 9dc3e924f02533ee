package io.trapline.cli;

import io.trapline.server.BuildVersion;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints. */
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {"trapline " + BuildVersion.current()};
    }
}
