/** What is checked of the manifests, since no Kubernetes runs where the gate does: their schema, and rules of our own for what a schema misses. */
@NullMarked
package io.trapline.kubernetes;

import org.jspecify.annotations.NullMarked;
