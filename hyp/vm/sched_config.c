/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Weights, and which CPUs a VM may use.
 */
#include "hyp/arch/cpu.h"
#include "hyp/vm/sched_state.h"

uint64_t sched_pinned_cpus;

static struct spinlock placement_lock;

static uint64_t online_cpus(void)
{
	uint64_t online = 0;

	for (unsigned i = 0; i < nr_cpus; i++)
		online |= cpus[i].online ? BIT(i) : 0;
	return online;
}

static bool uses(const struct vm *vm, unsigned index)
{
	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		if (vm->vcpus[i]->cpus & BIT(index))
			return true;
	}
	return false;
}

/* The VM that has that CPU for itself. */
static const struct vm *pinned_to(unsigned index)
{
	for (unsigned i = 0; i < nr_vms; i++) {
		if (vms[i]->sched.pinned && uses(vms[i], index))
			return vms[i];
	}
	return NULL;
}

/* A VM that has no CPU left when these are pinned. */
static const struct vm *left_without(uint64_t pinned)
{
	for (unsigned i = 0; i < nr_vms; i++) {
		if (!vms[i]->sched.pinned && !(vms[i]->vcpus[0]->cpus & ~pinned))
			return vms[i];
	}
	return NULL;
}

/*
 * `count` of these CPUs, the highest numbers first, that may become pinned; fewer when there are no
 * more. CPU 0 is taken last: it has the console's interrupts.
 */
static uint64_t choose_pinned(uint64_t wanted, unsigned count)
{
	uint64_t chosen = 0;

	for (unsigned i = MAX_CPUS; i-- > 0 && count != 0;) {
		uint64_t all = sched_pinned_cpus | chosen | BIT(i);

		if (!(wanted & ~sched_pinned_cpus & BIT(i)) || left_without(all) ||
			sched_queues[i].members != 0)
			continue;
		chosen |= BIT(i);
		count--;
	}
	return chosen;
}

static unsigned count_bits(uint64_t bits)
{
	unsigned count = 0;

	for (; bits != 0; bits &= bits - 1)
		count++;
	return count;
}

static void explain_taken(const char *name, uint64_t wanted)
{
	for (; wanted != 0; wanted &= wanted - 1) {
		unsigned index = (unsigned)__builtin_ctzll(wanted);
		const struct vm *owner = pinned_to(index), *other = NULL;

		if (!owner)
			other = left_without(sched_pinned_cpus | BIT(index));
		if (owner)
			log_error("vm %s: CPU %u is pinned to VM %s", name, index, owner->name);
		else if (other)
			log_error("vm %s: CPU %u is the last that VM %s may use", name, index,
				other->name);
		else if (sched_queues[index].members != 0)
			log_error("vm %s: CPU %u is in use", name, index);
	}
}

static enum status check_pinned(const char *name, unsigned nr_vcpus, uint64_t wanted)
{
	unsigned free = count_bits(choose_pinned(wanted, nr_vcpus));

	if (free == nr_vcpus)
		return OK;
	log_error("vm %s: pinned: needs %u CPU%s of its own, but of the %u that it may use %u %s "
		  "free; give it fewer vcpus or other cpus, or start the machine with more",
		name, nr_vcpus, nr_vcpus == 1 ? "" : "s", count_bits(wanted), free,
		free == 1 ? "is" : "are");
	explain_taken(name, wanted);
	return ERR_NOT_FOUND;
}

enum status sched_check(const char *name, unsigned nr_vcpus, struct sched_config *config)
{
	uint64_t online = online_cpus();

	if (config->cpus != 0) {
		uint64_t missing = config->cpus & ~online;

		for (; missing != 0; missing &= missing - 1)
			log_error("vm %s: cpus: this machine has no CPU %u, left out (it has 0 to "
				  "%u)",
				name, (unsigned)__builtin_ctzll(missing), nr_cpus - 1);
		config->cpus &= online;
		if (config->cpus == 0) {
			log_error("vm %s: cpus: none is left, expected some of 0 to %u", name,
				nr_cpus - 1);
			return ERR_NOT_FOUND;
		}
	}
	if (config->pinned)
		return check_pinned(name, nr_vcpus, config->cpus ? config->cpus : online);
	if ((config->cpus ? config->cpus : online) & ~sched_pinned_cpus)
		return OK;
	log_error("vm %s: every CPU that it may use is pinned to another VM", name);
	explain_taken(name, config->cpus ? config->cpus : online);
	return ERR_NOT_FOUND;
}

/* The CPU, of those, on which the fewest vCPUs begin. */
static struct cpu *least_placed(uint64_t allowed)
{
	unsigned best = (unsigned)__builtin_ctzll(allowed);

	for (; allowed != 0; allowed &= allowed - 1) {
		unsigned index = (unsigned)__builtin_ctzll(allowed);

		if (sched_queues[index].placed < sched_queues[best].placed)
			best = index;
	}
	return &cpus[best];
}

static void place(struct vcpu *vcpu, uint64_t allowed)
{
	uint64_t weight = vcpu->vm->sched.weight;

	vcpu->vtime_rate = VTIME_TICK * SCHED_WEIGHT_DEFAULT /
		(weight ? MIN(weight, SCHED_WEIGHT_MAX) : SCHED_WEIGHT_DEFAULT);
	vcpu->cpus = allowed;
	vcpu->cpu = least_placed(sched_allowed(vcpu) ? sched_allowed(vcpu) : allowed);
	vcpu->placed_on = vcpu->cpu;
	sched_queue_of(vcpu->cpu)->placed++;
}

void sched_place(struct vm *vm)
{
	const struct sched_config *config = &vm->sched;
	uint64_t allowed, chosen = 0;

	spin_lock(&placement_lock);
	allowed = config->cpus ? config->cpus : online_cpus();
	if (config->pinned)
		chosen = choose_pinned(allowed, vm->nr_vcpus);
	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		/* The lowest of those chosen is vCPU 0's. */
		if (config->pinned)
			allowed = chosen & -chosen;
		place(vm->vcpus[i], allowed);
		chosen &= chosen - 1;
		if (config->pinned)
			sched_pinned_cpus |= allowed;
	}
	spin_unlock(&placement_lock);
}

void sched_unplace(struct vm *vm)
{
	spin_lock(&placement_lock);
	for (unsigned i = 0; i < vm->nr_vcpus; i++) {
		struct vcpu *vcpu = vm->vcpus[i];

		if (!vcpu || !vcpu->placed_on)
			continue;
		sched_queue_of(vcpu->placed_on)->placed--;
		if (vm->sched.pinned)
			sched_pinned_cpus &= ~vcpu->cpus;
	}
	spin_unlock(&placement_lock);
}

void sched_configure(struct vm *vm, const struct sched_config *config)
{
	sched_unplace(vm);
	vm->sched = *config;
	sched_place(vm);
}
