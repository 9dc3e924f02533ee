/**
 * The pages of {@code docs/} as a site. What is on a page, where its links lead and how it looks is decided from texts alone; {@code BuildSite}
 * and {@code SiteFolder} are the only ones that know files.
 */
@NullMarked
package io.trapline.site;

import org.jspecify.annotations.NullMarked;
