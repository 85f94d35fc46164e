namespace RtMatching.Core.Matching;

/// <summary>
/// Made-up CV lines from many occupations: their similarity to a requirement is that of nothing in particular.
/// A fixed set, so that a candidate's coverage does not depend on who else is shown.
/// </summary>
internal static class BackgroundLines
{
    public static IReadOnlyList<string> All { get; } =
    [
        "Prepared monthly financial statements and reconciled bank accounts",
        "Taught mathematics to classes of thirty pupils aged eleven to fourteen",
        "Cared for post-operative patients on a surgical ward",
        "Designed menus and supervised a kitchen of six cooks",
        "Sold insurance policies to small businesses and private customers",
        "Maintained hydraulic presses and conveyor belts in a packaging plant",
        "Drafted commercial contracts and advised on employment law",
        "Wrote unit tests and reviewed code for a web application",
        "Planned flower beds and looked after public parks",
        "Drove long-haul trucks and kept a clean safety record",
        "Organised trade fairs and negotiated with exhibitors",
        "Trained adults in fitness programmes and nutrition",
        "Recruited staff and ran induction courses for new employees",
        "Painted interior walls and installed wooden floors",
        "Managed social media channels and wrote press releases",
        "Installed electrical wiring in residential buildings",
        "Analysed survey data and presented findings to the board",
        "Answered customer calls and resolved billing questions",
        "Cut and styled hair for clients of all ages",
        "Supervised construction of a four-lane road bridge",
        "Bachelor of Arts in History, University of Leeds, 2009",
        "Master of Science in Chemical Engineering, 2014",
        "Diploma in Early Childhood Education",
        "Certified forklift operator and first aider",
        "Fluent in Spanish and French, basic Italian",
        "Skills: Microsoft Word, Excel, PowerPoint, touch typing",
        "Skills: welding, soldering, reading technical drawings",
        "Skills: Photoshop, Illustrator, typography, layout",
        "Volunteer coach of a youth football team",
        "Hobbies: hiking, photography and playing the piano",
        "Responsible and motivated team player with strong communication skills",
        "Over ten years of experience in a fast-paced environment",
        "Increased sales of the branch by twelve percent within a year",
        "Managed inventory and ordered supplies for three warehouses",
        "Configured network switches and supported office users",
        "Flew passenger aircraft on short-haul routes",
        "Audited internal controls and reported deficiencies",
        "Translated technical manuals from German into English",
        "Dispensed prescriptions and advised customers on medicines",
        "Bred dairy cattle and operated milking machines",
        "负责公司财务报表的编制与审核",
        "担任小学三年级语文教师，负责班级管理",
        "在外科病房从事护理工作五年",
        "负责区域市场销售与客户维护",
        "设计并维护生产线的电气控制系统",
        "熟悉办公软件，具有良好的沟通能力",
        "本科学历，毕业于机械工程专业",
        "组织招聘与新员工培训",
        "从事餐厅厨师工作，擅长粤菜",
        "负责仓库货物的收发与盘点",
        "编写后端接口并进行单元测试",
        "爱好阅读、篮球和旅行",
    ];
}
