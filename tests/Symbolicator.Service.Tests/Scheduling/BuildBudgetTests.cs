using Symbolicator.Service.Scheduling;

namespace Symbolicator.Service.Tests.Scheduling;

public sealed class BuildBudgetTests
{
    private readonly BuildBudget _budget = new(100);

    [Fact]
    public async Task Inputs_are_admitted_while_their_sum_fits()
    {
        using var first = await _budget.EnterAsync(60, default);
        using var second = await _budget.EnterAsync(40, default);
        var third = _budget.EnterAsync(1, default);

        Assert.False(third.IsCompleted);
        second.Dispose();
        (await third).Dispose();
    }

    [Fact]
    public async Task An_input_larger_than_the_budget_is_admitted_alone()
    {
        var small = await _budget.EnterAsync(1, default);
        var large = _budget.EnterAsync(1000, default);
        Assert.False(large.IsCompleted);

        small.Dispose();
        var admitted = await large;
        Assert.False(_budget.EnterAsync(1, default).IsCompleted);
        admitted.Dispose();
    }

    [Fact]
    public async Task Small_inputs_do_not_overtake_a_large_one_for_ever()
    {
        var running = await _budget.EnterAsync(60, default);
        var large = _budget.EnterAsync(80, default);
        var small = _budget.EnterAsync(10, default);

        Assert.False(small.IsCompleted);
        running.Dispose();
        (await large).Dispose();
        (await small).Dispose();
    }

    [Fact]
    public async Task Who_gives_up_makes_room_for_the_next()
    {
        using var leaving = new CancellationTokenSource();
        using var running = await _budget.EnterAsync(60, default);
        var large = _budget.EnterAsync(80, leaving.Token);
        var small = _budget.EnterAsync(10, default);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        (await small).Dispose();
    }

    [Fact]
    public async Task Giving_back_twice_counts_once()
    {
        var admitted = await _budget.EnterAsync(100, default);
        admitted.Dispose();
        admitted.Dispose();

        using var all = await _budget.EnterAsync(100, default);
        Assert.False(_budget.EnterAsync(1, default).IsCompleted);
    }
}
