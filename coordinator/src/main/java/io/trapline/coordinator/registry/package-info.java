/**
 * The registry: what the whole cluster agrees on, as a pure state machine.
 *
 * <p>{@link io.trapline.coordinator.registry.Registry} applies commands; one class per noun holds the rules of that noun
 * (Domains, Servers, Claims, Drains …), all of them over one {@code State}. Nothing in here knows Raft, gRPC, threads or a clock.
 */
@NullMarked
package io.trapline.coordinator.registry;

import org.jspecify.annotations.NullMarked;
