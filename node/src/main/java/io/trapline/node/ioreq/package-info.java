/**
 * IOREQ servers at a node: what passes forwarded accesses on to emulators and takes their answers. {@link io.trapline.node.ioreq.IoreqServerRules} decides,
 * the actor {@link io.trapline.node.ioreq.IoreqServer} translates, and an {@code EmulatorStream} speaks the contract.
 */
@NullMarked
package io.trapline.node.ioreq;

import org.jspecify.annotations.NullMarked;
