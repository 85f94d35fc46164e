using System.Text.Json.Serialization;
using RtMatching.Core.Profiles;
using RtMatching.Core.Storage;
using RtMatching.Inference.Model;
using RtMatching.Inference.Pooling;
using RtMatching.Inference.Refinement;
using RtMatching.Server.Errors;
using RtMatching.Server.OpenApi;

namespace RtMatching.Server.Endpoints.Profiles;

/// <summary><c>PUT /v1/profiles/{name}</c>: stores a profile, or a new version of it.</summary>
internal static class PutProfile
{
    private const long MaxBytes = 64 * 1024;
    private const int MaxNameLength = 64;
    private const int MaxInstructionLength = 4000;

    // A model may fill half the machine: never two of them at once on behalf of requests.
    private static readonly SemaphoreSlim Loading = new(1);

    /// <summary>What is left out stays as it is, or is the model's default.</summary>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    internal sealed record Request
    {
        /// <summary>A name that GET /v1/models lists.</summary>
        public string? Model { get; init; }

        public PoolingKind? Pooling { get; init; }

        /// <summary>Passes in all; 1 is the plain model.</summary>
        public int? Iterations { get; init; }

        /// <summary>Ends single texts before all passes, {"rule": "change", "threshold": 0.03} for example; {"rule": "none"} for all passes.</summary>
        public StopRule? Stop { get; init; }

        /// <summary>Which side of a ranking takes passes 2 to k: both, query (jobs) or document (CVs).</summary>
        public RefinedSide? Refined { get; init; }

        /// <summary>What goes into the memory token of passes 2 to k.</summary>
        public MemoryRequest? Memory { get; init; }

        /// <summary>Longer documents are split.</summary>
        public int? MaxTokens { get; init; }

        /// <summary>What a token of each part of a split document weighs beside one of the part before: 0 for the first part alone, 1 for all alike.</summary>
        public double? LaterParts { get; init; }

        /// <summary>Of the stored vectors.</summary>
        public int? Dimension { get; init; }

        /// <summary>Put before a job's text; empty for none.</summary>
        public string? JobInstruction { get; init; }

        /// <summary>Put before a CV's text; empty for none.</summary>
        public string? CvInstruction { get; init; }

        public AppendEos? AppendEos { get; init; }

        /// <summary>Without the pooling's template.</summary>
        public bool? NoPrompt { get; init; }

        /// <summary>Of va and aligned_wva: the layers read, for example 4..12; all takes them back.</summary>
        public LayerRange? Layers { get; init; }

        /// <summary>Keep contacts and names out of what is embedded.</summary>
        public bool? Redact { get; init; }

        public ProfileChange Change() => new()
        {
            Pooling = Pooling, Iterations = Iterations, Stop = Stop, Refined = Refined, Memory = Memory?.Change(), MaxTokens = MaxTokens,
            LaterParts = LaterParts, Dimension = Dimension, JobInstruction = JobInstruction, CvInstruction = CvInstruction, AppendEos = AppendEos, NoPrompt = NoPrompt,
            Layers = Layers, Redact = Redact,
        };
    }

    /// <summary>What is left out stays as it is. The file of a learned map is not for the network to name: it lies beside the model.</summary>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    internal sealed record MemoryRequest
    {
        /// <summary>"mean" over the query heads, or the number of one.</summary>
        public string? Head { get; init; }

        public MemoryStates? States { get; init; }

        /// <summary>Which positions are summed over.</summary>
        public MemoryOver? Over { get; init; }

        public MemoryScale? Scale { get; init; }

        public MemoryChange Change() => new() { Head = Head is null ? null : ParsedHead(Head), States = States, Over = Over, Scale = Scale };

        private static MemoryHead ParsedHead(string head) =>
            MemoryHead.Parse(head) ?? throw ProblemException.BadRequest($"memory.head must be {MemoryHead.Form}, as a string.");
    }

    /// <param name="Note">What is to be done before rankings use it; null where they do.</param>
    internal sealed record Response(ProfileView Profile, string? Note);

    public static void Map(IEndpointRouteBuilder api) => api.MapPut("/profiles/{name}", HandleAsync)
        .WithName("PutProfile")
        .WithSummary("Stores a profile, or a new version of it")
        .WithDescription(
            "What the body leaves out stays as it is, or is the model's default. A profile's first version is active at once; a further one ranks only " +
            "when every document has been embedded with it, which `rtmatch ingest --reembed` does, and the answer says so. Settings equal to a stored " +
            "version give that version.")
        .WithTags("profiles")
        .Accepts<Request>("application/json")
        .Produces<Response>()
        .ProducesProblem(400).ProducesProblem(404).ProducesProblem(415)
        .WithMetadata(new EndpointExample
        {
            Request = new { iterations = 3, redact = true },
            Response = new Response(ProfileView.Example with { Version = 2, Active = false, Iterations = 3 }, Remedy("jd2cv")),
            Parameters = new Dictionary<string, object> { ["name"] = "jd2cv" },
        });

    private static async Task<Response> HandleAsync(string name, HttpRequest request, ProfileStore profiles, CancellationToken cancellation)
    {
        var body = await JsonBody.ReadAsync<Request>(request, MaxBytes, cancellation);
        Check(name, body);
        await Loading.WaitAsync(cancellation);
        try
        {
            var current = (await profiles.ListAsync(cancellation)).Where(version => version.Profile.Name == name).MaxBy(version => version.Version)?.Profile;
            var path = body.Model is null ? current?.ModelPath : PathOf(body.Model);
            var profile = await Task.Run(() => Apply(body.Change(), name, current, path, cancellation), cancellation);
            var saved = await profiles.SaveAsync(profile, cancellation);
            return new Response(ProfileView.Of(saved), saved.Active ? null : Remedy(name));
        }
        finally
        {
            Loading.Release();
        }
    }

    private static TaskProfile Apply(ProfileChange change, string name, TaskProfile? current, string? path, CancellationToken cancellation)
    {
        using var model = LanguageModel.Load(path);
        try
        {
            return change.Apply(name, current, model, path, cancellation);
        }
        catch (InvalidMemoryMapException)
        {
            // Its own message says where the model lies.
            throw ProblemException.BadRequest(
                $"The model {model.Name} has no learned memory map that fits these settings; `rtmatch memory fit`, where the server is, makes one.");
        }
    }

    private static string Remedy(string name) =>
        $"Rankings still use the version before: fill this one and switch with `rtmatch ingest --reembed --profile {name}` where the server's database is.";

    private static void Check(string name, Request body)
    {
        if (name.Length > MaxNameLength || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.')))
            throw ProblemException.BadRequest($"A profile's name has at most {MaxNameLength} letters, digits, '-', '_' and '.'.");
        if (body.Iterations is < 1 or > TaskProfile.MaxIterations)
            throw ProblemException.BadRequest($"iterations is {body.Iterations}; it must be from 1 to {TaskProfile.MaxIterations}.");
        foreach (var instruction in new[] { body.JobInstruction, body.CvInstruction })
            if (instruction?.Length > MaxInstructionLength || instruction?.Contains('\0', StringComparison.Ordinal) == true)
                throw ProblemException.BadRequest($"An instruction has at most {MaxInstructionLength:N0} characters, and no NUL among them.");
    }

    /// <summary>Only what the catalogue lists: a path from the network is nobody's to open.</summary>
    private static string? PathOf(string name)
    {
        var model = ModelCatalog.List().FirstOrDefault(model => model.Name == name)
            ?? throw ProblemException.NotFound("There is no such model here; GET /v1/models lists those there are.");
        if (model.Problem is not null) throw ProblemException.BadRequest($"The model {model.Name} cannot be loaded; `rtmatch models show` tells why.");
        return model.IsBuiltIn ? null : model.Path;
    }
}
