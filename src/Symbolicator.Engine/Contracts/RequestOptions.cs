namespace Symbolicator.Engine.Contracts;

/// <summary>Member <c>options</c> of requests.</summary>
public sealed record RequestOptions
{
    /// <summary>Answer with the candidates of each module.</summary>
    public bool DifCandidates { get; set; }

    public bool ApplySourceContext { get; set; } = true;

    public FrameOrder FrameOrder { get; set; }

    public bool ExtractVariables { get; set; }
}
