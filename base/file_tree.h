#ifndef BASE_FILE_TREE_H
#define BASE_FILE_TREE_H

/*
 * file_tree_remove removes a directory with all that is in it, as far as the
 * system lets it; it follows no symbolic link.
 */
void file_tree_remove(const char *dir);

#endif
