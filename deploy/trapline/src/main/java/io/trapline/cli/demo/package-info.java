/** The story of a mediated GPU: a guest fills its page tables, and a mediator that claimed them sees every entry. */
@NullMarked
package io.trapline.cli.demo;

import org.jspecify.annotations.NullMarked;
