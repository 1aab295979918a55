namespace Symbolicator.SymCache.Build;

/// <summary>What wins where runs overlap; smaller wins.</summary>
internal enum RunKind : byte
{
    FunctionWithLines,
    Function,

    /// <summary>Lines of code that no function covers, named by the symbol table.</summary>
    LinesOnly,
    SizedSymbol,

    /// <summary>Reaches to the next start of anything.</summary>
    UnsizedSymbol,
}

/// <summary>A stretch of code of one function: the unit of ordering and of conflicts.</summary>
internal record struct RunRecord
{
    public ulong Start;
    public ulong End;

    /// <summary>Where its contexts and rows lie in the spill; symbols have none.</summary>
    public long Payload;
    public int PayloadLength;

    /// <summary>Index of the function record.</summary>
    public int Function;
    public RunKind Kind;
}
