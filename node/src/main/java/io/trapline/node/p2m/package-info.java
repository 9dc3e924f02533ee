/** One shard of a domain's P2M as pure rules: types, contents, the cutting of accesses, and what decides one. */
@NullMarked
package io.trapline.node.p2m;

import org.jspecify.annotations.NullMarked;
