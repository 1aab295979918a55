using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Sources;
using Symbolicator.Engine.Trail;
using Symbolicator.Formats.Model;

namespace Symbolicator.Engine.Tests.Trail;

public sealed class ModuleTrailTests
{
    [Fact]
    public void Steps_beyond_the_limit_are_counted_and_not_kept()
    {
        var trail = new ModuleTrail();
        for (int i = 0; i < ModuleTrail.MaxSteps + 3; i++)
        {
            trail.Add(new LookupStep.LookedUp((ulong)i, Hit: true));
        }

        Assert.Equal(ModuleTrail.MaxSteps, trail.Steps.Count);
        Assert.Equal(3, trail.Dropped);
    }

    [Fact]
    public void Places_beyond_the_limit_are_counted_and_not_kept()
    {
        var trail = new ModuleTrail();
        for (int i = 0; i < ModuleTrail.MaxCandidates + 2; i++)
        {
            trail.Add(Stored($"{i}"));
        }

        Assert.Equal(ModuleTrail.MaxCandidates, trail.Candidates.Count);
        Assert.Equal(2, trail.Dropped);
    }

    [Fact]
    public void Steps_of_a_place_are_bounded_too()
    {
        var trail = new ModuleTrail();
        var steps = Enumerable.Repeat<LookupStep>(new LookupStep.LookedUp(1, true), ModuleTrail.MaxSteps + 5).ToArray();
        trail.Add(Stored("a", steps));
        trail.AddUse(Stored("a"), new LookupStep.Used(ObjectPurpose.Debug, ObjectStatus.Found, null), []);

        Assert.Equal(ModuleTrail.MaxSteps, Assert.Single(trail.Candidates).Steps.Count);
        Assert.Equal(6, trail.Dropped);
    }

    [Fact]
    public void Places_are_in_the_order_of_their_bytes()
    {
        var trail = new ModuleTrail();

        // UTF-16 would put the last of these, a surrogate pair, before U+FF00.
        string[] names = ["\U0001F600", "b", "\uff00", "a", "aa", ""];
        foreach (string name in names)
        {
            trail.Add(Stored(name));
        }

        Assert.Equal(["", "a", "aa", "b", "\uff00", "\U0001F600"], trail.Candidates.Select(c => c.Location));
    }

    [Fact]
    public void The_first_answer_of_a_place_stays()
    {
        var trail = new ModuleTrail();
        trail.Add(Stored("a") with { Status = ObjectStatus.Denied });
        trail.Add(Stored("a"));

        Assert.Equal(ObjectStatus.Denied, Assert.Single(trail.Candidates).Status);
        Assert.Equal(0, trail.Dropped);
    }

    private static StoredObject Stored(string uri, params LookupStep[] steps)
    {
        var query = new ObjectQuery(ObjectType.Elf, FileType.ElfCode, null, null, null, null);
        return new StoredObject(
            new ScriptedSource("s"), new ObjectLocation(uri, uri, FileType.ElfCode), null, query, ObjectStatus.NotFound, null,
            ObjectFeatures.None, steps);
    }
}
