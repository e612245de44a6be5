package org.example.javapins;

import java.util.List;
import java.util.concurrent.Callable;
import okhttp3.CertificatePinner;
import okhttp3.OkHttpClient;

/** Pins behind interfaces, as dependency injection writes them, and in lambdas and inner classes. */
final class Providers {
    void addTo(List<OkHttpClient> clients) {
        clients.add(new ClientFactory(new LivePins()).create());
        clients.add(new AccountApi().client());
        clients.add(new OrderApi().client());
        clients.add(new PinnerModule(new HostModule()).provideClient());
        Callable<OkHttpClient> lazy = () ->
                Clients.of(new CertificatePinner.Builder().add("lambda.javapins.example.com", "sha256/li1ueolDaZHi2LSiRMMYKvr8BlzyALkYz8z3LICkshU="));
        clients.add(call(lazy));
        String captured = "captured.javapins.example.com".trim();
        clients.add(call(() -> Clients.of(new CertificatePinner.Builder().add(captured, "sha256/lxTytrqSzSFOxXZolQBlFDXp8/Lr6HKtIZoC6KveQJQ="))));
        clients.add(call(new Callable<OkHttpClient>() {
            @Override
            public OkHttpClient call() {
                return Clients.of(new CertificatePinner.Builder().add("anonymous.javapins.example.com", "sha256/AdBfT+ecWoqm1SW4qEW8uS6MriCjA1Eba98LUPR8XNk="));
            }
        }));
        clients.add(Holder.CLIENT);
    }

    private static OkHttpClient call(Callable<OkHttpClient> callable) {
        try {
            return callable.call();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** Says what is pinned. */
    interface PinSource {
        String host();

        String[] pins();
    }

    /** The only source in use. */
    private static final class LivePins implements PinSource {
        @Override
        public String host() {
            return "provider.javapins.example.com";
        }

        @Override
        public String[] pins() {
            return new String[] {"sha256/dTyxoP4gjlve2Hca1/jNU/UUKJexzbTZGHZ9soqmAio="};
        }
    }

    /** Gets its source by its constructor. */
    private static final class ClientFactory {
        private final PinSource source;

        ClientFactory(PinSource source) {
            this.source = source;
        }

        OkHttpClient create() {
            return Clients.of(new CertificatePinner.Builder().add(source.host(), source.pins()));
        }
    }

    /** Leaves the host and the pin to its subclasses. */
    private abstract static class Api {
        abstract String host();

        abstract String pin();

        OkHttpClient client() {
            return Clients.of(new CertificatePinner.Builder().add(host(), pin()));
        }
    }

    private static final class AccountApi extends Api {
        @Override
        String host() {
            return "account.javapins.example.com";
        }

        @Override
        String pin() {
            return "sha256/2ytA8Z59KcxgpDLi0cHC1HgOFfRebiQFt1uX8giJL5Y=";
        }
    }

    private static final class OrderApi extends Api {
        @Override
        String host() {
            return "order.javapins.example.com";
        }

        @Override
        String pin() {
            return "sha256/qRGywzG1sSzyB4GmtZkUyxoxULKGk5pN4iI4IfoQ/vk=";
        }
    }

    /** Provides hosts. */
    private static final class HostModule {
        String provideHost() {
            return "injected.javapins.example.com";
        }
    }

    /** Provides pinner and client. */
    private static final class PinnerModule {
        private final HostModule hosts;

        PinnerModule(HostModule hosts) {
            this.hosts = hosts;
        }

        CertificatePinner providePinner(String host) {
            return new CertificatePinner.Builder().add(host, "sha256/BBk5PZiOxv1z+HRm8HaYZ1GegRWk1pzVQh31xKkyQmM=").build();
        }

        OkHttpClient provideClient() {
            return new OkHttpClient.Builder().certificatePinner(providePinner(hosts.provideHost())).build();
        }
    }

    /** Made when it is first used. */
    private static final class Holder {
        static final OkHttpClient CLIENT =
                Clients.of(new CertificatePinner.Builder().add("holder.javapins.example.com", "sha256/q5/t/KLiNAhNEnl6aarSM4Incl+C89f0Df91w8fIxKY="));
    }
}
