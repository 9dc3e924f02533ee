package io.trapline.cli;

import io.trapline.v1.DomainMemory;

/** Where a domain's memory is, as an option says it. */
enum MemoryKind {
    REPLICATED(DomainMemory.DOMAIN_MEMORY_REPLICATED),
    VOLATILE(DomainMemory.DOMAIN_MEMORY_VOLATILE);

    private final DomainMemory value;

    MemoryKind(DomainMemory value) {
        this.value = value;
    }

    /** As the contract says it. */
    DomainMemory value() {
        return value;
    }
}
