package io.trapline.containers;

import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.model.Network.Ipam;
import java.security.SecureRandom;
import org.testcontainers.containers.Network;

/** A network of one test: its containers have fixed addresses on it, and this machine reaches them there. Removed when it is closed. */
public final class PrivateNetwork implements AutoCloseable {
    /** Networks of others may have taken one. */
    private static final int ATTEMPTS = 20;

    private static final int FIRST_THIRD_BYTE = 16;
    private static final int THIRD_BYTES = 224;
    /** The first one is the machine's own. */
    private static final int FIRST_HOST = 10;

    private static final SecureRandom RANDOM = new SecureRandom();

    private final Network network;
    private final String prefix;

    private PrivateNetwork(Network network, String prefix) {
        this.network = network;
        this.prefix = prefix;
    }

    /** Makes one, on addresses 10.213.X.0/24 that nobody has. */
    public static PrivateNetwork create() {
        DockerException last = null;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            String prefix = "10.213." + (FIRST_THIRD_BYTE + RANDOM.nextInt(THIRD_BYTES)) + ".";
            Network network = Network.builder()
                    .createNetworkCmdModifier(command -> command.withLabels(RunLabel.labels())
                            .withIpam(new Ipam()
                                    .withConfig(new Ipam.Config()
                                            .withSubnet(prefix + "0/24")
                                            .withGateway(prefix + "1"))))
                    .build();
            try {
                // It is made when its id is asked for.
                network.getId();
                return new PrivateNetwork(network, prefix);
            } catch (DockerException taken) {
                last = taken;
            }
        }
        throw new IllegalStateException("no network could be made on 10.213.0.0/16", last);
    }

    /** The address of its {@code number}th container, 0 … 200. */
    public String address(int number) {
        return prefix + (FIRST_HOST + number);
    }

    /** For Docker. */
    public String id() {
        return network.getId();
    }

    Network network() {
        return network;
    }

    @Override
    public void close() {
        network.close();
    }
}
