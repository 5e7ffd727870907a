#ifndef SERVER_DOMAIN_PICTURE_EXIF_H
#define SERVER_DOMAIN_PICTURE_EXIF_H

#include <stddef.h>
#include <stdint.h>

/*
 * The one thing in Exif that a viewer needs: which side of a photo is up.
 * Without it phones' photos would lie on their side.
 */
#define PICTURE_EXIF_SIZE 32 /* bytes of an APP1 segment's contents */

/*
 * picture_exif_orientation reads it from the contents of an APP1 segment: 2 to
 * 8, or 0 if it says nothing, or that all is well (1).
 */
unsigned picture_exif_orientation(const uint8_t *data, size_t len);

/* picture_exif_write makes contents that hold an orientation alone. */
void picture_exif_write(unsigned orientation, uint8_t out[PICTURE_EXIF_SIZE]);

#endif
