/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A circular doubly linked list: a head, and a struct list in each member.
 */
#ifndef HYP_BASE_LIST_H
#define HYP_BASE_LIST_H

#include "hyp/base/types.h"

struct list {
	struct list *next, *prev;
};

#define LIST_INIT(name)          \
	{                        \
		&(name), &(name) \
	}

static inline void list_init(struct list *head)
{
	head->next = head->prev = head;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

static inline void list_insert_before(struct list *position, struct list *item)
{
	item->prev = position->prev;
	item->next = position;
	position->prev->next = item;
	position->prev = item;
}

/* Appends. */
static inline void list_push_back(struct list *head, struct list *item)
{
	list_insert_before(head, item);
}

/* Removes and makes the item an empty list, so that removing twice is harmless. */
static inline void list_remove(struct list *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	list_init(item);
}

#define list_for_each(item, head) \
	for (struct list *item = (head)->next; item != (head); item = item->next)

#endif
