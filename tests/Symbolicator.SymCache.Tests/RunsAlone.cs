namespace Symbolicator.SymCache.Tests;

/// <summary>Tests that measure the whole process; they run after all others, one by one.</summary>
[CollectionDefinition(nameof(RunsAlone), DisableParallelization = true)]
public sealed class RunsAlone;
